// A WebSocket that reconnects by itself, and closes while the page is hidden.
const RETRY_MS = 1000;

export function stream(path, { binary = false, open, message, closed }) {
  let socket = null;
  let retry;

  function connect() {
    clearTimeout(retry);
    if (socket || document.hidden) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = (socket = new WebSocket(`${scheme}://${location.host}${path}`));
    mine.binaryType = binary ? "arraybuffer" : "blob";
    mine.onopen = () => open?.();
    mine.onmessage = (event) => mine === socket && message(event.data);
    mine.onclose = () => {
      if (mine !== socket) return;
      socket = null;
      closed?.();
      retry = setTimeout(connect, RETRY_MS);
    };
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return connect();
    clearTimeout(retry);
    const resting = socket;
    socket = null;
    resting?.close();
  });
  connect();
}
