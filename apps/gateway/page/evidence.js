import { drawn, duration, element, time, words } from './dom.js';

const clamped = (value, low, high) => Math.min(high, Math.max(low, value));
const signed = (value) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(3)}`;

/** How an effect is written and where it lies on the axis, from 0 to 1; no change is in the middle. */
const ratio = {
  text: (value) => `×${value.toFixed(2)}`,
  place: (value) => (Math.log10(clamped(value, 0.1, 10)) + 1) / 2,
};
const difference = { text: signed, place: (value) => (clamped(value, -1, 1) + 1) / 2 };
const scaleOf = (unit) => (unit.includes('ratio') ? ratio : difference);

export function intervalText({ estimate, low, high, unit }) {
  const { text } = scaleOf(unit);
  // An end that the evidence does not bound yet.
  const end = (value) => (value === null ? 'open' : text(value));
  return `${text(estimate)}  (${end(low)} to ${end(high)})`;
}

/** A ratio on a logarithmic axis from 0.1 to 10, a difference on one from -1 to 1; a line at no effect, an arrow at an open end. */
export function intervalPicture(effect) {
  const [width, y] = [160, 7];
  const { place } = scaleOf(effect.unit);
  const x = (value) => 4 + place(value) * (width - 8);
  const [from, to] = [x(effect.low ?? -Infinity), x(effect.high ?? Infinity)];
  const picture = drawn('svg', {
    width,
    height: 14,
    role: 'img',
    'aria-label': `${intervalText(effect)} ${effect.unit}`,
  });
  picture.append(
    drawn('line', { class: 'axis', x1: width / 2, x2: width / 2, y1: 0, y2: 14 }),
    drawn('line', { class: 'interval', x1: from, x2: to, y1: y, y2: y }),
    drawn('circle', { class: 'point', cx: x(effect.estimate), cy: y, r: 3 }),
  );
  if (effect.low === null) picture.append(drawn('path', { class: 'interval', d: 'M4 3 L0 7 L4 11' }));
  if (effect.high === null) picture.append(drawn('path', { class: 'interval', d: 'M156 3 L160 7 L156 11' }));
  return picture;
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function figures(control, treated) {
  const row = (name, values) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', { class: 'n' }, String(values.length)),
      ...[0.5, 0.9, 0.99].map((share) => element('td', { class: 'n' }, duration(quantile(values, share)))),
    );
  const heads = ['Arm', 'n', 'p50', 'p90', 'p99'].map((text, i) =>
    element('th', { scope: 'col', class: i > 0 ? 'n' : '' }, text),
  );
  return element(
    'table',
    { class: 'narrow' },
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, row('control (dashed)', control), row('treated (solid)', treated)),
  );
}

function distributions(control, treated) {
  const [width, height, left, bottom] = [640, 200, 40, 22];
  const all = [...control, ...treated];
  const low = Math.log(Math.max(0.05, Math.min(...all)));
  const high = Math.log(Math.max(...all));
  const x = (ms) => left + ((Math.log(Math.max(0.05, ms)) - low) / (high - low || 1)) * (width - left - 30);
  const y = (share) => height - bottom - share * (height - bottom - 12);
  const line = (values) =>
    values.map((ms, i) => `${x(ms).toFixed(1)},${y((i + 1) / values.length).toFixed(1)}`).join(' ');
  const picture = drawn('svg', {
    viewBox: `0 0 ${width} ${height}`,
    class: 'distributions',
    role: 'img',
    'aria-label': 'share of requests answered within a time; the figures stand in the table below',
  });
  for (const share of [0, 0.5, 1]) {
    picture.append(
      drawn('line', { class: 'axis', x1: left, x2: width - 30, y1: y(share), y2: y(share) }),
      drawn('text', { x: 0, y: y(share) + 4 }, `${share * 100} %`),
    );
  }
  for (let i = 0; i <= 4; i++) {
    const ms = Math.exp(low + ((high - low) * i) / 4);
    picture.append(drawn('text', { x: x(ms), y: height - 6, 'text-anchor': 'middle' }, duration(ms)));
  }
  picture.append(
    drawn('polyline', { class: 'control', points: line(control) }),
    drawn('polyline', { class: 'treated', points: line(treated) }),
  );
  return picture;
}

/** Errors of both arms: the evidence of what is measured by a share and not by a time. */
function shares(pairs) {
  const sum = (key) => pairs.reduce((total, row) => total + row[key], 0);
  const row = (name, errors, count) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', { class: 'n' }, String(count)),
      element('td', { class: 'n' }, String(errors)),
      element('td', { class: 'n' }, `${((100 * errors) / count).toFixed(1)} %`),
    );
  const heads = ['Arm', 'n', 'errors', 'share'].map((text, i) =>
    element('th', { scope: 'col', class: i > 0 ? 'n' : '' }, text),
  );
  return element(
    'table',
    { class: 'narrow' },
    element('thead', {}, element('tr', {}, ...heads)),
    element(
      'tbody',
      {},
      row('control', sum('errorsControl'), sum('countControl')),
      row('treated', sum('errorsTreated'), sum('countTreated')),
    ),
  );
}

function times(control, treated) {
  return [
    element('p', {}, 'Share of requests answered within a time'),
    element(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Distributions' },
      distributions(control, treated),
    ),
    figures(control, treated),
  ];
}

/** Both arms as distributions, or as shares: for the person who does not believe the table. */
export function evidenceOf(action) {
  const pairs = action.evidence.filter((row) => row.kind === 'AB');
  const inOrder = (values) => values.toSorted((a, b) => a - b);
  const control = inOrder(pairs.flatMap((row) => row.control));
  const treated = inOrder(pairs.flatMap((row) => row.treated));
  const byShare = action.progress?.measurement?.metric === 'error-share';
  let measured = [element('p', {}, 'No measured pairs yet.')];
  if (byShare && pairs.length > 0)
    measured = [element('p', {}, `Errors in ${pairs.length} pairs`), shares(pairs)];
  else if (control.length > 0 && treated.length > 0) measured = times(control, treated);
  const steps = action.transitions.map((t) => {
    const state = `${words(t.toState)}: `;
    return element('li', {}, time(t.at), `  ${t.reason.startsWith(state) ? '' : state}${t.reason}`);
  });
  return [
    element('p', {}, 'Target: ', element('code', {}, action.target)),
    element('p', {}, `Why: ${action.reason}`),
    ...measured,
    element('ol', {}, ...steps),
  ];
}
