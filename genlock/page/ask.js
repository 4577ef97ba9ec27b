// Sends a request to the server, and shows the outcome.
export async function ask(path, wish, answer) {
  const request = { method: "POST" };
  if (wish !== undefined) Object.assign(request, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) });
  try {
    const response = await fetch(path, request);
    const why = response.ok ? "" : (await response.text()).trim() || response.status;
    answer.textContent = response.ok ? `asked for at ${new Date().toLocaleTimeString()}` : `refused: ${why}`;
  } catch {
    answer.textContent = "not sent: no connection";
  }
}
