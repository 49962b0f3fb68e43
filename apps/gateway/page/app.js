const get = async (path) => {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  const document = await response.json();
  if (!response.ok) throw new Error(document.detail ?? response.statusText);
  return document;
};
const post = async (path, body) => {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-harto-console': '1' },
    body: JSON.stringify(body),
  });
  const document = await response.json();
  if (!response.ok) throw new Error(document.detail ?? response.statusText);
  return document;
};
const byId = (id) => document.getElementById(id);
const svgSpace = 'http://www.w3.org/2000/svg';

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'onclick') node.addEventListener('click', value);
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}
function drawn(name, attributes, text) {
  const node = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// Status by shape and word, so that it is readable without colour.
const marks = {
  Kept: '●',
  RevertedHarm: '✕',
  RevertedNoBenefit: '○',
  Inconclusive: '?',
  RevertedByOperator: '↶',
  Unkept: '↶',
  FailedToApply: '!',
  FailedToRevert: '!!',
  AwaitingApproval: '▷',
  Verifying: '…',
};
const words = (state) => state.replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
const time = (value) => (value ? new Date(value).toLocaleTimeString() : '');
// An end that the evidence does not bound yet.
const end = (value) => (value === null ? 'open' : ratio(value));
const ratio = (value) => `×${value.toFixed(2)}`;

function effectCell(effect) {
  if (!effect) return element('td', {}, '');
  const cell = element('td', {});
  const [from, to] = [Math.log(0.1), Math.log(2)];
  const x = (value) =>
    Math.max(0, Math.min(160, ((Math.log(Math.max(value, 0.05)) - from) / (to - from)) * 160));
  const picture = drawn('svg', {
    width: 160,
    height: 14,
    role: 'img',
    'aria-label': `latency ratio ${ratio(effect.estimate)}`,
  });
  picture.append(
    drawn('line', { class: 'axis', x1: x(1), x2: x(1), y1: 0, y2: 14 }),
    drawn('line', { class: 'interval', x1: x(effect.low ?? 0.05), x2: x(effect.high ?? 20), y1: 7, y2: 7 }),
    drawn('circle', { class: 'point', cx: x(effect.estimate), cy: 7, r: 3 }),
  );
  cell.append(
    picture,
    element('div', {}, `${ratio(effect.estimate)}  (${end(effect.low)} to ${end(effect.high)})`),
  );
  return cell;
}

function fill(id, rows, columns, empty) {
  const body = byId(id).querySelector('tbody');
  body.replaceChildren(
    ...(rows.length > 0
      ? rows
      : [element('tr', {}, element('td', { colspan: columns, class: 'empty' }, empty))]),
  );
}

function actionRow(action) {
  const open = element('button', { class: 'link', onclick: () => showEvidence(action.id) }, action.type);
  return element(
    'tr',
    {},
    element('td', { class: 'state' }, `${marks[action.state] ?? '·'} ${words(action.state)}`),
    element('td', {}, open),
    element('td', { class: 'target' }, element('code', {}, action.target)),
    effectCell(action.effect),
    element('td', { class: 'n' }, String(action.pairs || action.assessment?.pairs || '')),
    element('td', { class: 'reason' }, action.assessment?.reason ?? action.reason),
    element(
      'td',
      {},
      action.traceId
        ? element('a', { href: `/v1/traces/${action.traceId}` }, action.traceId.slice(0, 8))
        : '',
    ),
  );
}

/** Both arms as distributions: for the person who does not believe the table. */
async function showEvidence(id) {
  const box = byId('evidence');
  const action = await get(`/v1/actions/${id}`);
  const pairs = action.evidence.filter((row) => row.kind === 'AB');
  const control = pairs.flatMap((row) => row.control).sort((a, b) => a - b);
  const treated = pairs.flatMap((row) => row.treated).sort((a, b) => a - b);
  box.hidden = false;
  box.replaceChildren(
    element('h2', {}, `${action.type} on ${action.target}: share of requests answered within a time`),
  );
  if (control.length > 0) box.append(distributions(control, treated));
  else box.append(element('p', {}, 'no measured pairs yet'));
  const steps = action.transitions.map((t) =>
    element('li', {}, `${time(t.at)}  ${words(t.toState)}: ${t.reason}`),
  );
  box.append(element('p', {}, `why: ${action.reason}`), element('ol', {}, ...steps));
}

function distributions(control, treated) {
  const [width, height, left, bottom] = [640, 200, 34, 22];
  const all = [...control, ...treated];
  const low = Math.log(Math.max(0.05, Math.min(...all)));
  const high = Math.log(Math.max(...all));
  const x = (ms) => left + ((Math.log(Math.max(0.05, ms)) - low) / (high - low || 1)) * (width - left - 10);
  const y = (share) => height - bottom - share * (height - bottom - 12);
  const line = (values) =>
    values.map((ms, i) => `${x(ms).toFixed(1)},${y((i + 1) / values.length).toFixed(1)}`).join(' ');
  const label = `control n ${control.length}, treated n ${treated.length}`;
  const picture = drawn('svg', {
    viewBox: `0 0 ${width} ${height}`,
    class: 'distributions',
    role: 'img',
    'aria-label': label,
  });
  for (const share of [0, 0.5, 1]) {
    picture.append(
      drawn('line', { class: 'axis', x1: left, x2: width - 10, y1: y(share), y2: y(share) }),
      drawn('text', { x: 0, y: y(share) + 4 }, `${share * 100} %`),
    );
  }
  for (let i = 0; i <= 4; i++) {
    const ms = Math.exp(low + ((high - low) * i) / 4);
    picture.append(drawn('text', { x: x(ms) - 14, y: height - 6 }, `${ms.toPrecision(2)} ms`));
  }
  picture.append(
    drawn('polyline', { class: 'control', points: line(control) }),
    drawn('polyline', { class: 'treated', points: line(treated) }),
    drawn(
      'text',
      { x: left + 8, y: 20 },
      `grey: control, n = ${control.length}   blue: treated, n = ${treated.length}`,
    ),
  );
  return picture;
}

function cycleRow(cycle) {
  const window = cycle.windowTo ? `${time(cycle.windowFrom)} to ${time(cycle.windowTo)}` : '';
  return element(
    'tr',
    {},
    element('td', { class: 'n' }, String(cycle.number)),
    element('td', { class: 'state' }, words(cycle.state)),
    element('td', {}, window),
    element('td', {}, cycle.requestedBy),
    element('td', {}, time(cycle.dueAt)),
    element('td', { class: 'reason' }, cycle.outcome?.summary ?? ''),
  );
}

async function refresh() {
  const [actions, cycles, rejected] = await Promise.all([
    get('/v1/actions?limit=30'),
    get('/v1/cycles?limit=12'),
    get('/v1/rejected?limit=20'),
  ]);
  fill('actions', actions.items.map(actionRow), 7, 'nothing has been tried yet');
  fill('cycles', cycles.items.map(cycleRow), 6, 'no cycle has run yet');
  const reasons = rejected.items.map((row) =>
    element(
      'tr',
      {},
      element('td', {}, row.type),
      element('td', { class: 'target' }, element('code', {}, row.target)),
      element('td', { class: 'reason' }, row.reason),
    ),
  );
  fill('rejected', reasons, 3, 'nothing was rejected');
}

function showStatus(status) {
  const alive = status.services.map((s) =>
    element('li', {}, `${s.alive ? '●' : '✕'} ${s.service}${s.alive ? '' : ' silent'}`),
  );
  byId('services').replaceChildren(...alive);
  const stopped = status.killSwitch.on ? `STOPPED: ${status.killSwitch.reason ?? 'kill switch'}. ` : '';
  const cycle = status.cycle
    ? `cycle ${status.cycle.number} ${words(status.cycle.state).toLowerCase()}`
    : 'no cycle yet';
  const next = status.nextCycleAt ? `, next at ${time(status.nextCycleAt)}` : '';
  byId('headline').textContent =
    `${stopped}${cycle}${next} · ${status.kept.length} kept · ${status.awaitingApproval} awaiting approval · ` +
    `${status.corpus.atoms.toLocaleString()} atoms of ${status.corpus.files.toLocaleString()} files`;
}

byId('search').addEventListener('submit', async (event) => {
  event.preventDefault();
  const hits = byId('hits');
  try {
    const answer = await post('/v1/search', { query: byId('q').value, limit: 10 });
    const items = answer.hits.map((hit) =>
      element(
        'li',
        {},
        element('code', {}, `${hit.path}:${hit.lineStart}`),
        ` ${hit.symbol ?? ''} ${hit.score.toFixed(3)}`,
        element('pre', {}, hit.snippet),
      ),
    );
    hits.replaceChildren(...(items.length > 0 ? items : [element('li', {}, 'nothing found')]));
  } catch (error) {
    hits.replaceChildren(element('li', {}, error.message));
  }
});

const signInHint =
  'not signed in: open the single-use link that "npm start" printed, or make one with: npx harto console';
try {
  showStatus(await get('/v1/status'));
  await refresh();
  const events = new EventSource('/v1/events');
  events.addEventListener('status', (event) => {
    showStatus(JSON.parse(event.data));
    refresh().catch(() => undefined);
  });
  events.addEventListener('error', () => {
    byId('headline').textContent = 'connection lost, trying again; the figures below are the last ones seen';
  });
} catch (error) {
  byId('headline').textContent = /key/.test(error.message) ? signInHint : error.message;
}
