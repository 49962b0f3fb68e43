import type { Language } from './languages.js';
import type { Comment } from './mask.js';
import { mask } from './mask.js';

/** A file of code, line by line, with comments and strings blanked beside it. */
export interface SourceText {
  language: string;
  lines: string[];
  /** The masked lines. */
  code: string[];
  /** Nesting of brackets of all kinds before each line. */
  depthAt: Int32Array;
  /** For each line: index of the comment that covers its first non-blank character, or -1. */
  commentAt: Int32Array;
  comments: Comment[];
  text: string;
}

export function sourceText(text: string, language: Language): SourceText {
  const masked = mask(text, language.lexis);
  const lines = text.split('\n');
  const code = masked.code.split('\n');
  return {
    language: language.name,
    lines,
    code,
    depthAt: depths(code),
    commentAt: commentLines(lines, masked.comments),
    comments: masked.comments,
    text,
  };
}

function depths(code: readonly string[]): Int32Array {
  const depthAt = new Int32Array(code.length);
  let depth = 0;
  for (let i = 0; i < code.length; i++) {
    depthAt[i] = depth;
    const line = code[i];
    for (let j = 0; j < line.length; j++) {
      const char = line[j];
      if (char === '{' || char === '(' || char === '[') depth++;
      else if (char === '}' || char === ')' || char === ']') depth = Math.max(0, depth - 1);
    }
  }
  return depthAt;
}

function commentLines(lines: readonly string[], comments: readonly Comment[]): Int32Array {
  const commentAt = new Int32Array(lines.length).fill(-1);
  let offset = 0;
  let next = 0;
  for (let i = 0; i < lines.length; i++) {
    const indent = lines[i].length - lines[i].trimStart().length;
    const first = offset + indent;
    while (next < comments.length && comments[next].end <= first) next++;
    if (indent < lines[i].length && next < comments.length && comments[next].start <= first)
      commentAt[i] = next;
    offset += lines[i].length + 1;
  }
  return commentAt;
}
