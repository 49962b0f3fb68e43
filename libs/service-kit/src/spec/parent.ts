import { spawn } from 'node:child_process';

// A supervisor that can be killed: starts the script it is given and passes its output on.
const [script] = process.argv.slice(2);
spawn(process.execPath, [script ?? ''], { stdio: ['ignore', 'inherit', 'inherit'], env: process.env });
setInterval(() => {}, 60_000);
