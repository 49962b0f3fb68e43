/** One pattern of an ignore file. */
interface Rule {
  matches: RegExp;
  negated: boolean;
  foldersOnly: boolean;
}

/** Longest pattern that is honoured, in characters; longer ones are no names. */
const PATTERN_CHARS_MAX = 400;

/**
 * The patterns of one `.gitignore`, as git reads them: `*`, `**`, `?`, `[...]`, a leading or inner slash anchors, a
 * trailing slash means folders, `!` takes back, the last match decides.
 */
export class IgnoreRules {
  private readonly rules: Rule[] = [];

  constructor(text: string) {
    for (const line of text.split(/\r?\n/)) {
      const rule = parseRule(line);
      if (rule !== null) this.rules.push(rule);
    }
  }

  /**
   * @param path relative to the folder of the ignore file, with forward slashes
   * @returns true ignored, false taken back, null not mentioned
   */
  decide(path: string, isFolder: boolean): boolean | null {
    for (let i = this.rules.length - 1; i >= 0; i--) {
      const rule = this.rules[i];
      if ((isFolder || !rule.foldersOnly) && rule.matches.test(path)) return !rule.negated;
    }
    return null;
  }
}

function parseRule(line: string): Rule | null {
  let pattern = line.replace(/(?<!\\)\s+$/, '');
  if (pattern === '' || pattern.startsWith('#') || pattern.length > PATTERN_CHARS_MAX) return null;
  const negated = pattern.startsWith('!');
  if (negated) pattern = pattern.slice(1);
  const foldersOnly = pattern.endsWith('/');
  if (foldersOnly) pattern = pattern.slice(0, -1);
  const anchored = pattern.includes('/');
  const body = globSource(pattern.replace(/^\//, ''));
  try {
    return { matches: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${body}$`), negated, foldersOnly };
  } catch {
    return null;
  }
}

/** Adjacent stars are one star, so that a hostile pattern cannot make matching explode. */
function globSource(glob: string): string {
  let out = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i];
    if (glob.startsWith('**/', i)) {
      out += '(?:.*/)?';
      while (glob.startsWith('**/', i)) i += 3;
      i--;
    } else if (char === '*') {
      const deep = glob[i + 1] === '*';
      while (glob[i + 1] === '*') i++;
      out += deep ? '.*' : '[^/]*';
    } else if (char === '?') out += '[^/]';
    else if (char === '[' && glob.indexOf(']', i + 2) > 0) {
      const close = glob.indexOf(']', i + 2);
      out += `[${glob
        .slice(i + 1, close)
        .replace(/^!/, '^')
        .replace(/[\\[]/g, '\\$&')}]`;
      i = close;
    } else {
      if (char === '\\' && i + 1 < glob.length) i++;
      out += glob[i].replace(/[$()*+.?[\\\]^{|}/-]/g, '\\$&');
    }
  }
  return out;
}
