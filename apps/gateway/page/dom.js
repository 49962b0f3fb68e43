async function answerOf(response) {
  const document = await response.json().catch(() => null);
  if (response.ok && document) return document;
  const error = new Error(document?.detail ?? `the gateway answered ${response.status}`);
  error.status = response.status;
  throw error;
}
export const get = async (path) => answerOf(await fetch(path, { headers: { accept: 'application/json' } }));
export const post = async (path, body) =>
  answerOf(
    await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-harto-console': '1' },
      body: JSON.stringify(body),
    }),
  );

export const byId = (id) => document.getElementById(id);

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
export const element = (name, attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, children);
const svgSpace = 'http://www.w3.org/2000/svg';
export const drawn = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(svgSpace, name), attributes, children);

export const words = (state) => state.replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);

/** Time of day; with the date when it is not today's. The whole instant stands in the title. */
export function time(value) {
  if (!value) return '';
  const at = new Date(value);
  const today = at.toDateString() === new Date().toDateString();
  const text = today
    ? at.toLocaleTimeString()
    : at.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' });
  return element('time', { datetime: at.toISOString(), title: at.toISOString() }, text);
}

export function duration(ms) {
  if (ms === null) return 'running';
  if (ms === 0) return '0 ms';
  if (ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}
