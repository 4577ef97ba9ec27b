// Whether there is a graphics card. WebGL that the processor has to do takes the time that inference needs; a plain canvas
// takes half of it or less.
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export function hasCard() {
  // A canvas of its own: one that has had WebGL draws nothing else any more.
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const name = context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !SOFTWARE.test(name);
}
