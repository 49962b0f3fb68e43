import { byId, element, get, post, time, words } from './dom.js';
import { evidenceOf, intervalPicture, intervalText } from './evidence.js';
import { traceTable } from './trace.js';

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

function effectCell(effect) {
  if (!effect) return element('td');
  return element(
    'td',
    { title: effect.unit },
    intervalPicture(effect),
    element('div', {}, intervalText(effect)),
    element('div', { class: 'unit' }, effect.unit.split(',')[0]),
  );
}

// On a phone the column's head is out of sight: the cell carries its name.
const labelled = (label, kind, content) =>
  content === '' ? element('td') : element('td', { class: kind, 'data-label': label }, content);

/** Rows are replaced only when they differ: whoever has the focus in one keeps it. */
function fill(id, rows, empty) {
  const table = byId(id);
  const columns = table.querySelectorAll('thead th').length;
  const next =
    rows.length > 0 ? rows : [element('tr', {}, element('td', { colspan: columns, class: 'empty' }, empty))];
  const body = element('tbody', {}, ...next);
  const old = table.querySelector('tbody');
  if (!old.isEqualNode(body)) old.replaceWith(body);
}

const traceLink = (traceId) =>
  traceId ? element('a', { href: `#/traces/${traceId}` }, traceId.slice(0, 8)) : '';

function actionRow(action) {
  return element(
    'tr',
    {},
    element('td', { class: 'state' }, `${marks[action.state] ?? '·'} ${words(action.state)}`),
    element('td', { class: 'state' }, element('a', { href: `#/actions/${action.id}` }, words(action.type))),
    element('td', { class: 'target' }, element('code', {}, action.target)),
    effectCell(action.effect),
    labelled('pairs', 'n', String(action.pairs || action.assessment?.pairs || '')),
    element('td', { class: 'reason' }, action.assessment?.reason ?? action.reason),
    labelled('trace', '', traceLink(action.traceId)),
  );
}

function cycleRow(cycle) {
  return element(
    'tr',
    {},
    labelled('cycle', 'n', String(cycle.number)),
    element('td', { class: 'state' }, words(cycle.state)),
    element(
      'td',
      { class: 'state' },
      ...(cycle.windowTo ? [time(cycle.windowFrom), ' to ', time(cycle.windowTo)] : []),
    ),
    labelled('by', '', cycle.requestedBy),
    labelled('due', 'state', time(cycle.dueAt)),
    element('td', { class: 'reason' }, cycle.outcome?.summary ?? ''),
    labelled('trace', '', traceLink(cycle.traceId)),
  );
}

const rejectedRow = (row) =>
  element(
    'tr',
    {},
    element('td', { class: 'state' }, words(row.type)),
    element('td', { class: 'target' }, element('code', {}, row.target)),
    element('td', { class: 'reason' }, row.reason),
  );

async function refresh() {
  const [actions, cycles, rejected] = await Promise.all([
    get('/v1/actions?limit=30'),
    get('/v1/cycles?limit=12'),
    get('/v1/rejected?limit=20'),
  ]);
  fill('actions', actions.items.map(actionRow), 'nothing has been tried yet');
  fill('cycles', cycles.items.map(cycleRow), 'no cycle has run yet');
  fill('rejected', rejected.items.map(rejectedRow), 'nothing was rejected in the last 24 hours');
}

/** Both halves of the hold-out, apart: latency with what was kept over latency without it. */
function showBenefit({ keySplittable, global }, { secondsPerHour, actions }) {
  const shown = (name, difference, none) => {
    const { ratio: estimate, low, high, label, at } = difference ?? {};
    const effect = { estimate, low, high, unit: 'ratio of latency' };
    const content = difference
      ? [intervalPicture(effect), ` ${intervalText(effect)} `, element('span', {}, `${label}, `, time(at))]
      : [none];
    return [element('dt', {}, name), element('dd', {}, ...content)];
  };
  const gain = `${secondsPerHour.toFixed(3)} s per hour, proven gains less all costs, of ${actions} concluded`;
  byId('benefit').replaceChildren(
    element('dt', {}, 'Net gain'),
    element('dd', {}, actions === 0 ? 'no action has been concluded yet' : gain),
    ...shown('Latency against held-out keys', keySplittable, 'too few keys are held out yet'),
    ...shown('Latency against replays without', global, 'no global action has been replayed yet'),
  );
}

function showStatus(status) {
  const services = status.services.map((s) =>
    element('li', {}, `${s.alive ? '●' : '✕'} ${s.service}${s.alive ? '' : ' silent'}`),
  );
  byId('services').replaceChildren(...services);
  const { killSwitch, cycle, corpus } = status;
  byId('stopped').hidden = !killSwitch.on;
  const stopped = `■ Stopped: ${killSwitch.reason ?? 'no reason given'}. Nothing is changed until: npx harto arm`;
  // Set again it would be read out again.
  if (byId('stopped').textContent !== stopped) byId('stopped').textContent = stopped;
  const number = cycle ? `cycle ${cycle.number} ${words(cycle.state).toLowerCase()}` : 'no cycle yet';
  const next = status.nextCycleAt ? [', next at ', time(status.nextCycleAt)] : [];
  const counts =
    ` · ${status.kept.length} kept · ${status.awaitingApproval} awaiting approval · ` +
    `${corpus.atoms.toLocaleString()} atoms of ${corpus.files.toLocaleString()} files`;
  byId('headline').replaceChildren(number, ...next, counts);
  showBenefit(status.benefit, status.netGain);
}

const views = {
  actions: async (id) => {
    const action = await get(`/v1/actions/${id}`);
    return [`${words(action.type)}: ${words(action.state).toLowerCase()}`, evidenceOf(action)];
  },
  traces: async (id) => [`Trace ${id}`, traceTable(await get(`/v1/traces/${id}`))],
};

/** The address names what is open: #/actions/ID or #/traces/ID. */
async function showDetail() {
  const box = byId('detail');
  const [, kind, id] = /^#\/(actions|traces)\/([0-9a-f-]+)$/.exec(location.hash) ?? [];
  box.hidden = !kind;
  if (!kind) return;
  const show = (title, children) => {
    byId('h-detail').textContent = title;
    byId('detail-body').replaceChildren(...children);
  };
  const asked = location.hash;
  show('loading', []);
  box.focus();
  try {
    const [title, children] = await views[kind](id);
    if (location.hash === asked) show(title, children);
  } catch (error) {
    show('Not shown', [element('p', {}, error.message)]);
  }
}

byId('search').addEventListener('submit', async (event) => {
  event.preventDefault();
  const [hits, said] = [byId('hits'), byId('searched')];
  said.textContent = 'searching';
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
    hits.replaceChildren(...items);
    const served = `${items.length || 'no'} hits, version ${answer.served.version}, cache ${answer.served.cache}`;
    said.replaceChildren(served, ' ', traceLink(answer.traceId));
  } catch (error) {
    hits.replaceChildren();
    said.textContent = error.message;
  }
});
addEventListener('hashchange', showDetail);
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !byId('detail').hidden) location.hash = '';
});

const signInHint =
  'not signed in: open the single-use link that "npm start" printed, or make one with: npx harto console';

function listen() {
  const events = new EventSource('/v1/events');
  events.addEventListener('status', (event) => {
    byId('stale').hidden = true;
    showStatus(JSON.parse(event.data));
    refresh().catch(() => undefined);
  });
  events.addEventListener('error', () => {
    byId('stale').hidden = false;
    byId('stale').replaceChildren('! connection lost, trying again; last figures of ', time(Date.now()));
    // A session that has ended is not opened again by waiting.
    get('/v1/status').catch((error) => {
      if (error.status === 401) byId('stale').textContent = signInHint;
    });
  });
}

try {
  showStatus(await get('/v1/status'));
  await Promise.all([refresh(), showDetail()]);
  listen();
} catch (error) {
  byId('headline').textContent = error.status === 401 ? signInHint : error.message;
  byId('content').hidden = true;
}
