import { GeometryError } from './geometry-error.js';
import { MAP_BOX } from './map-space.js';

/** Longest text that is turned into points at once, in UTF-16 units. */
export const POINT_TEXT_LIMIT = 50_000_000;
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/giy;
const SEPARATOR = /[\s,;|()[\]{}]+/y;

/**
 * Reads coordinates written as text: one point per `dims` numbers, separated by white space, commas, semicolons,
 * bars or brackets (rows of numbers, CSV without a header, JSON arrays, the inside of a WKT MULTIPOINT). O(length).
 * @returns flat, n * dims
 * @throws GeometryError CLOUD_BAD_TEXT (anything that is no number, at `offset`), CLOUD_BAD_SHAPE (count no multiple
 *   of dims), CLOUD_TOO_LONG
 */
export function parsePoints(text: string, dims: number): Float64Array {
  requireLength(text);
  const values: number[] = [];
  let at = skip(SEPARATOR, text, 0);
  while (at < text.length) {
    const end = skip(NUMBER, text, at);
    const separated = skip(SEPARATOR, text, end);
    if (end === at || (separated === end && end < text.length)) {
      throw new GeometryError('CLOUD_BAD_TEXT', 'not a number', {
        offset: at,
        found: text.slice(at, at + 20),
      });
    }
    values.push(Number(text.slice(at, end)));
    at = separated;
  }
  if (!Number.isInteger(dims) || dims < 1 || values.length % dims !== 0) {
    throw new GeometryError('CLOUD_BAD_SHAPE', 'the count of numbers is no multiple of dims', {
      count: values.length,
      dims,
    });
  }
  return Float64Array.from(values);
}

/** Words placed on the map. */
export interface TextCloud {
  /** Flat xyz inside the map box. */
  readonly points: Float64Array;
  /** Lower-cased words, one per point, in order of appearance. */
  readonly words: string[];
}

/**
 * A deterministic point per word, without a model: x and y are averages of hashed letter trigrams, so words that
 * share spelling lie near each other; z is the place in the text, first word -10, last word 10 (0 for a lone word).
 * For pictures and tests; meaning needs embeddings. O(length).
 * @throws GeometryError CLOUD_TOO_LONG
 */
export function pointCloudFromText(text: string): TextCloud {
  requireLength(text);
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+/gu) ?? [];
  const points = new Float64Array(3 * words.length);
  words.forEach((word, i) => {
    const letters = Array.from(`^${word}$`);
    let x = 0;
    let y = 0;
    let grams = 0;
    for (let g = 0; g + 2 < letters.length || g === 0; g++) {
      const hash = hashText(letters.slice(g, g + 3).join(''));
      x += (hash & 0xffff) / 0xffff;
      y += (hash >>> 16) / 0xffff;
      grams++;
    }
    const t = words.length > 1 ? i / (words.length - 1) : 0.5;
    points[3 * i] = MAP_BOX.minX + (x / grams) * (MAP_BOX.maxX - MAP_BOX.minX);
    points[3 * i + 1] = MAP_BOX.minY + (y / grams) * (MAP_BOX.maxY - MAP_BOX.minY);
    points[3 * i + 2] = MAP_BOX.minZ + t * (MAP_BOX.maxZ - MAP_BOX.minZ);
  });
  return { points, words };
}

/** FNV-1a over UTF-16 units with a final mix, 32 bits. */
function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function requireLength(text: string): void {
  if (text.length > POINT_TEXT_LIMIT) {
    throw new GeometryError('CLOUD_TOO_LONG', 'the text is too long', {
      length: text.length,
      limit: POINT_TEXT_LIMIT,
    });
  }
}
