// Progress lines of the scripts. Plain JavaScript for Node 20: these run before anything is installed.

/** Standard output belongs to the document where one was asked for. */
export function createSay(args) {
  const stream = args.includes('--json') ? process.stderr : process.stdout;
  return (line) => stream.write(`${line}\n`);
}

export const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/** A complaint that needs no stack: one clear line that names the fix. */
export class ScriptError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
