// Detects a graphics card. WebGL in software takes CPU time from inference; a plain canvas takes half as much or less.
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export function hasCard() {
  // Use a separate canvas: one that has had a WebGL context cannot have another kind.
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const name = context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !SOFTWARE.test(name);
}
