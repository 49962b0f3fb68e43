/** Longest term, in UTF-16 characters; longer ones are cut. */
export const TERM_CHARS_MAX = 64;
/** Most terms of one query. */
export const QUERY_TERMS_MAX = 32;

/** Function words of English, and the commonest keywords of code: they tell no two atoms apart. */
const stopWords = new Set(
  (
    'a an and are as at be been but by can could do does did for from had has have how i if in into is it its may ' +
    'no not of on or our s should so such t than that the their them then there these they this those to was we ' +
    'were what when where which while who why will with would you your ' +
    'async await break case catch class const continue default else enum export extends finally function fn func ' +
    'impl implements import instanceof interface let module mut namespace new null package private protected pub ' +
    'public readonly require return self static string boolean number super switch throw true false try type ' +
    'typeof undefined unknown any use var void yield def elif none pass lambda int'
  ).split(' '),
);

const words = /[\p{L}\p{N}_$]+/gu;
const parts = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}]+|\p{Lu}+|\p{N}+/gu;

/**
 * Terms of a text with their counts: every word and identifier in lower case, and the parts of camelCase and
 * snake_case identifiers beside the whole. Parts and plain words are stemmed lightly. O(characters).
 */
export function termsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(words)) addWord(counts, word, 1);
  return counts;
}

/** Adds the terms of one word `count` times. */
function addWord(counts: Map<string, number>, word: string, count: number): void {
  for (const term of termsOfWord(word)) counts.set(term, (counts.get(term) ?? 0) + count);
}

/** Words recur: their terms are kept, in a bounded table. */
const known = new Map<string, readonly string[]>();
const KNOWN_WORDS_MAX = 50_000;

function termsOfWord(word: string): readonly string[] {
  const before = known.get(word);
  if (before !== undefined) return before;
  const terms = splitWord(word);
  if (known.size >= KNOWN_WORDS_MAX) known.clear();
  known.set(word, terms);
  return terms;
}

function splitWord(word: string): string[] {
  const pieces = word.match(parts) ?? [];
  const terms: string[] = [];
  for (const piece of pieces) {
    const lower = piece.toLowerCase();
    if (lower.length < 2 || stopWords.has(lower)) continue;
    const stem = stemOf(lower).slice(0, TERM_CHARS_MAX);
    if (!terms.includes(stem)) terms.push(stem);
  }
  if (pieces.length > 1) {
    const whole = word
      .toLowerCase()
      .replace(/^[_$]+|[_$]+$/g, '')
      .slice(0, TERM_CHARS_MAX);
    if (whole.length > 1 && !terms.includes(whole)) terms.push(whole);
  }
  return terms;
}

/**
 * Light English stemming for letters a-z: plural s, -ed, -ing, final e; so that "caches", "cached" and "caching" meet.
 * Stems stay at least 4 letters long, other words are left alone.
 */
export function stemOf(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  let stem = word;
  if (stem.endsWith('ies') && stem.length > 4) stem = `${stem.slice(0, -3)}y`;
  else if (stem.endsWith('s') && !/(?:ss|us|is)$/.test(stem)) stem = stem.slice(0, -1);
  const suffix = /(?:ing|ed)$/.exec(stem)?.[0];
  if (suffix !== undefined) {
    const rest = stem.slice(0, -suffix.length);
    if (rest.length >= 4 && /[aeiouy]/.test(rest)) stem = rest.replace(/([^aeioulsz])\1$/, '$1');
  }
  return stem.length > 4 && stem.endsWith('e') ? stem.slice(0, -1) : stem;
}

/** What of an atom its terms depend on. */
interface TermSource {
  text: string;
  symbol: string | null;
  heading: string | null;
  docComment: string | null;
}

/** Extra occurrences that a definition's own name counts for, whole and in parts. */
const NAME_BONUS = 12;
const NAME_PART_BONUS = 3;
/** The same for words of a heading or doc comment. */
const HEADING_BONUS = 4;
const DOC_BONUS = 1;

/**
 * Terms of an atom. Only what stands in its own text counts, so equal text has equal terms wherever it is found.
 */
export function atomTerms(atom: TermSource): Map<string, number> {
  const counts = termsOf(atom.text);
  const raise = (term: string, by: number): void => {
    const own = counts.get(term);
    if (own !== undefined) counts.set(term, own + by);
  };
  const raiseWords = (text: string | null, by: number): void => {
    for (const [word] of (text ?? '').matchAll(words)) for (const term of termsOfWord(word)) raise(term, by);
  };
  for (const [word] of (atom.symbol?.split('.').at(-1) ?? '').matchAll(words)) {
    const terms = termsOfWord(word);
    terms.forEach((term, i) => raise(term, i === terms.length - 1 ? NAME_BONUS : NAME_PART_BONUS));
  }
  raiseWords(atom.heading, HEADING_BONUS);
  raiseWords(atom.docComment, DOC_BONUS);
  return counts;
}

const questionFrame = /^\s*how\s+(?:do|does|is|are|can)\s+(.+?)\s+works?\s*\??\s*$/i;

/** Terms of a query with their counts; the frame of a "how does ... work" question is left out. */
export function queryTermCounts(query: string): Map<string, number> {
  const counts = termsOf(questionFrame.exec(query)?.[1] ?? query);
  return new Map([...counts].slice(0, QUERY_TERMS_MAX));
}

/** Distinct terms of a query in order of appearance, at most QUERY_TERMS_MAX. */
export const queryTerms = (query: string): string[] => [...queryTermCounts(query).keys()];
