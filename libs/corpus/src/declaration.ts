/** A declaration found in a source file, before its lines are gathered. */
export interface Declaration {
  /** Bare name. */
  name: string;
  /** Line of the declaration itself, without what leads it. */
  line: number;
  /** Last line. */
  end: number;
  /** First line with its leading comments and decorators. */
  lead: number;
  docComment: string | null;
  /** Its members are declarations of their own when it is long. */
  container: boolean;
}

/** What one line declares. */
export interface Declared {
  name: string;
  container: boolean;
  /** A plain variable: only worth an atom of its own when it runs over several lines. */
  variable?: boolean;
}

const scriptTop =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const\s+(?=enum\b))?(function\s*\*?|class|interface|enum|type|namespace|module|const|let|var)\s+([A-Za-z_$][\w$]*)/;
const scriptAssigned =
  /^(?:(?:module\.)?exports\.([A-Za-z_$][\w$]*)|([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+))\s*=(?!=)\s*(?:async\b|function\b|class\b|\(|[A-Za-z_$][\w$]*\s*=>)/;
const scriptMember =
  /^(?:(?:public|private|protected|static|readonly|abstract|override|async|get|set|declare|accessor)\s+)*\*?\s*#?([A-Za-z_$][\w$]*)\s*[?!]?\s*(?:<[^(]*>)?\s*(?:\(|(?::[^=]*)?=\s*(?:async\s*)?(?:\([^)]*\)?|[A-Za-z_$][\w$]*)\s*(?::[^=]*)?(?:=>|$))/;
const typeTop =
  /^(?:[\w@[\]().,"]+\s+)*?(class|interface|enum|record|struct|union|namespace|object|trait|@interface)\s+(?:class\s+)?([A-Za-z_]\w*)/;
const typedMember =
  /^(?:template\s*<[^>]*>\s*)?(?:[\w<>[\],.?&*:~@]+\s+)*[*&]*((?:[A-Za-z_]\w*::)*~?[A-Za-z_]\w*)\s*\(/;
const goTop = /^(?:func\s+(?:\(\s*(?:\w+\s+)?\*?(\w+)[^)]*\)\s*)?(\w+)|type\s+(\w+))/;
const rustTop =
  /^(?:pub(?:\([^)]*\))?\s+)?(?:default\s+)?(?:(?:async|unsafe|const|extern(?:\s+"[^"]*")?)\s+)*(fn|struct|enum|trait|impl|mod|union|type|macro_rules!)\s*(.*)$/;
const kotlinFunction = /^(?:[\w@]+\s+)*fun\s+(?:<[^>]*>\s*)?(?:[\w<>?]+\.)?(\w+)\s*\(/;

/** Words that stand before a parenthesis without declaring anything. */
const notNames = new Set(
  'if for while switch catch return throw new else do try super this function await typeof delete import sizeof defined using lock with require yield static_assert when assert elif'.split(
    ' ',
  ),
);

const containers = new Set([
  'class',
  'interface',
  'namespace',
  'module',
  'record',
  'struct',
  'object',
  'trait',
]);

/**
 * What a masked, trimmed line of code declares at its scope, or null.
 * @param member true inside the body of a container
 */
export function declaredBy(language: string, code: string, member: boolean): Declared | null {
  if (code === '' || code.startsWith('@') || code.startsWith('}')) return null;
  if (language === 'typescript' || language === 'javascript') return scriptDeclared(code, member);
  if (language === 'go') return goDeclared(code);
  if (language === 'rust') return rustDeclared(code);
  return typedDeclared(language, code, member);
}

function scriptDeclared(code: string, member: boolean): Declared | null {
  const top = scriptTop.exec(code);
  if (top !== null) {
    const word = top[1];
    return {
      name: top[2],
      container: containers.has(word),
      variable: (word === 'const' || word === 'let' || word === 'var') && !code.startsWith('export'),
    };
  }
  if (!member) {
    const assigned = scriptAssigned.exec(code);
    const name = assigned?.[1] ?? assigned?.[2].split('.').at(-1);
    return name === undefined ? null : { name, container: /=\s*class\b/.test(code) };
  }
  const method = scriptMember.exec(code);
  return method === null || notNames.has(method[1]) ? null : { name: method[1], container: false };
}

function goDeclared(code: string): Declared | null {
  const match = goTop.exec(code);
  if (match === null) return null;
  if (match[3] !== undefined) return { name: match[3], container: false };
  return { name: match[1] === undefined ? match[2] : `${match[1]}.${match[2]}`, container: false };
}

function rustDeclared(code: string): Declared | null {
  const match = rustTop.exec(code);
  if (match === null) return null;
  const [, word, rest] = match;
  const subject = word === 'impl' ? rest.replace(/^<[^{]*?>\s+/, '').replace(/^.*\bfor\s+/, '') : rest;
  const name = /[A-Za-z_]\w*/.exec(subject)?.[0];
  if (name === undefined) return null;
  return { name, container: word === 'impl' || word === 'trait' || word === 'mod' };
}

function typedDeclared(language: string, code: string, member: boolean): Declared | null {
  const define = language === 'c' || language === 'cpp' ? /^#\s*define\s+(\w+)\(/.exec(code) : null;
  if (define !== null) return { name: define[1], container: false };
  if (code.startsWith('#')) return null;
  const type = typeTop.exec(code);
  if (type !== null && !/[=;(]/.test(code.slice(0, type[0].length).replace(/\([^)]*\)/g, ''))) {
    return { name: type[2], container: type[1] !== 'enum' && type[1] !== 'union' };
  }
  const fun = language === 'kotlin' ? kotlinFunction.exec(code) : null;
  if (fun !== null) return { name: fun[1], container: false };
  const method = typedMember.exec(code);
  if (method === null || code.slice(0, method[0].length).includes('=')) return null;
  const first = /^\w+/.exec(code)?.[0] ?? '';
  const name = method[1].split('::').join('.');
  if (notNames.has(first) || notNames.has(name)) return null;
  // A call statement looks like a constructor: it has no type before the name and ends with a semicolon.
  const bare = !/\s/.test(code.slice(0, method[0].length - 1).trim());
  // In C the type may stand on the line before.
  const maybe = member || language === 'c' || language === 'cpp';
  return bare && (!maybe || code.endsWith(';')) && !method[1].includes('::')
    ? null
    : { name, container: false };
}
