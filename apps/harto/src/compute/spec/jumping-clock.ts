import { jumpMs, jumpSignal } from './fake-clock.js';

const Real = Date;
let ahead = 0;
const shifted = () => Real.now() + ahead;

/** The wall clock, which jumps ahead on a signal; durations (`performance.now`, timers) go on as they are. */
globalThis.Date = new Proxy(Real, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [shifted()] : args, newTarget),
  apply: () => new Real(shifted()).toString(),
  get: (target, key, receiver) => (key === 'now' ? shifted : (Reflect.get(target, key, receiver) as unknown)),
});

process.on(jumpSignal, () => {
  ahead += jumpMs;
});
