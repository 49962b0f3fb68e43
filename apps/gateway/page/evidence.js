import { drawn, duration, element, time, words } from './dom.js';

const ratio = (value) => `×${value.toFixed(2)}`;
// An end that the evidence does not bound yet.
const end = (value) => (value === null ? 'open' : ratio(value));
export const intervalText = ({ estimate, low, high }) => `${ratio(estimate)}  (${end(low)} to ${end(high)})`;

/** The interval on a logarithmic axis from 0.1 to 10, with a line at 1 = no effect; an open end has an arrow. */
export function intervalPicture(effect) {
  const [width, y] = [160, 7];
  const x = (value) => 4 + ((Math.log10(Math.min(10, Math.max(0.1, value))) + 1) / 2) * (width - 8);
  const [from, to] = [x(effect.low ?? 0.1), x(effect.high ?? 10)];
  const picture = drawn('svg', {
    width,
    height: 14,
    role: 'img',
    'aria-label': `latency ${intervalText(effect)}`,
  });
  picture.append(
    drawn('line', { class: 'axis', x1: x(1), x2: x(1), y1: 0, y2: 14 }),
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

/** Both arms as distributions: for the person who does not believe the table. */
export function evidenceOf(action) {
  const pairs = action.evidence.filter((row) => row.kind === 'AB');
  const inOrder = (values) => values.toSorted((a, b) => a - b);
  const control = inOrder(pairs.flatMap((row) => row.control));
  const treated = inOrder(pairs.flatMap((row) => row.treated));
  const measured =
    control.length > 0 && treated.length > 0
      ? [
          element('p', {}, 'Share of requests answered within a time'),
          element(
            'div',
            { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Distributions' },
            distributions(control, treated),
          ),
          figures(control, treated),
        ]
      : [element('p', {}, 'No measured pairs yet.')];
  const steps = action.transitions.map((t) =>
    element('li', {}, time(t.at), `  ${words(t.toState)}: ${t.reason}`),
  );
  return [
    element('p', {}, 'Target: ', element('code', {}, action.target)),
    element('p', {}, `Why: ${action.reason}`),
    ...measured,
    element('ol', {}, ...steps),
  ];
}
