export { detectLanguage, languageNames, type Language } from './languages.js';
export { FILE_BYTES_MAX, decodeText, type SkipReason } from './decode.js';
export { PARSER_VERSION, parseFile, type CorpusAtom, type ParsedFile } from './source-file.js';
export { ATOM_CHARS_MAX, ATOM_LINES_MAX } from './unit.js';
export { QUERY_TERMS_MAX, TERM_CHARS_MAX, atomTerms, queryTermCounts, queryTerms, termsOf } from './terms.js';
export { EMBEDDING_DIMENSIONS, EMBEDDING_MODEL, embed } from './hashed-vectors.js';
export { ReferenceIndex, type Reference, type ReferenceSource } from './references.js';
export {
  firstSentence,
  leadingComment,
  mineQueries,
  type MinedQuery,
  type MinedSource,
} from './query-mining.js';
