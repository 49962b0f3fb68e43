import { drawn, duration, element } from './dom.js';

const barWidth = 220;

/** Spans in the order of the tree, each with its depth; one whose parent is not kept stands at the top. */
function treeOf(spans) {
  const known = new Set(spans.map((span) => span.spanId));
  const below = Map.groupBy(spans, (span) => (known.has(span.parentSpanId) ? span.parentSpanId : null));
  const rows = [];
  const waiting = (below.get(null) ?? []).map((span) => ({ span, depth: 0 }));
  const inOrder = (list) => list.sort((a, b) => (a.span.startedAt < b.span.startedAt ? 1 : -1));
  inOrder(waiting);
  while (waiting.length > 0) {
    const row = waiting.pop();
    rows.push(row);
    const children = below.get(row.span.spanId) ?? [];
    waiting.push(...inOrder(children.map((span) => ({ span, depth: row.depth + 1 }))));
  }
  return rows;
}

function bar(startMs, lengthMs, wholeMs, open) {
  const x = (startMs / wholeMs) * barWidth;
  const width = Math.max(2, Math.min(barWidth - x, (lengthMs / wholeMs) * barWidth));
  const picture = drawn('svg', { width: barWidth, height: 12, 'aria-hidden': 'true' });
  picture.append(
    drawn('line', { class: 'axis', x1: 0, x2: barWidth, y1: 6, y2: 6 }),
    drawn('rect', { class: open ? 'bar open' : 'bar', x: Math.min(x, barWidth - 2), y: 2, width, height: 8 }),
  );
  return picture;
}

/** The waterfall of a trace as a table: one row a span, indented below the span that caused it. */
export function traceTable({ spans }) {
  const startOf = (span) => Date.parse(span.startedAt);
  const first = Math.min(...spans.map(startOf));
  const last = Math.max(...spans.map((span) => startOf(span) + (span.durationMs ?? 0)));
  const wholeMs = Math.max(1, last - first);
  const rows = treeOf(spans).map(({ span, depth }) => {
    const at = startOf(span) - first;
    const name = element('td', { class: `span depth-${Math.min(depth, 8)}` }, span.name);
    const failed = span.status === 'error';
    return element(
      'tr',
      {},
      name,
      element('td', {}, span.service),
      element('td', { class: 'n' }, `+${duration(at)}`),
      element('td', { class: 'n' }, duration(span.durationMs)),
      element('td', {}, failed ? `✕ ${span.attributes['error.type'] ?? 'failed'}` : ''),
      element('td', {}, bar(at, span.durationMs ?? wholeMs - at, wholeMs, span.durationMs === null)),
    );
  });
  const heads = [
    ['Span'],
    ['Service'],
    ['Start', 'n'],
    ['Duration', 'n'],
    ['Fault'],
    [`0 to ${duration(wholeMs)}`],
  ].map(([text, kind]) => element('th', { scope: 'col', class: kind ?? '' }, text));
  const table = element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...rows),
  );
  const services = new Set(spans.map((span) => span.service)).size;
  const summary = `${spans.length} spans of ${services} services over ${duration(wholeMs)}`;
  return [
    element('p', {}, summary),
    element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Spans' }, table),
  ];
}
