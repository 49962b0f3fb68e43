import { Socket } from 'node:net';

/**
 * A socket that sends what is written in one turn of the event loop at once: the statements of a pipeline, and the parts
 * of each, cost one system call.
 */
export function coalescingSocket(): Socket {
  const socket = new Socket();
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let held = false;
  const release = (): void => {
    held = false;
    socket.uncork();
  };
  socket.write = (...args: unknown[]): boolean => {
    if (!held) {
      held = true;
      socket.cork();
      process.nextTick(release);
    }
    return write(...args);
  };
  return socket;
}
