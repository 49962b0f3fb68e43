import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { HartoError } from '@hartonomous/contracts';
import type { KillSwitchState, Store } from '@hartonomous/store';
import type { Clock } from './clock.js';

export interface KillSwitchOptions {
  store: Store;
  clock: Clock;
  /** The switch is on while `<home>/STOP` exists. */
  home: string;
  /** HARTO_KILL of the environment. */
  forced: boolean;
}

/** Age up to which an answer is given again, ms. */
const cacheMs = 250;
/** A store that does not answer in time cannot be read, and unreadable means on. */
const readMsMax = 1_500;

/** Read before every step of the loop: row, file or environment; unreadable means on. */
export class KillSwitch {
  #read: { atMs: number; state: Promise<KillSwitchState> } | null = null;

  constructor(private readonly options: KillSwitchOptions) {}

  async isOn(): Promise<boolean> {
    return (await this.state()).on;
  }

  state(): Promise<KillSwitchState> {
    const nowMs = this.options.clock.monotonicMs();
    if (!this.#read || nowMs - this.#read.atMs > cacheMs) this.#read = { atMs: nowMs, state: this.#look() };
    return this.#read.state;
  }

  /** @throws HartoError KILL_SWITCH_ON, upon which the bus puts the message off without using an attempt */
  async assertOff(): Promise<void> {
    const state = await this.state();
    if (state.on) throw new HartoError('KILL_SWITCH_ON', `stopped: ${state.reason ?? 'no reason given'}`);
  }

  async #look(): Promise<KillSwitchState> {
    const on = (reason: string): KillSwitchState => ({ on: true, reason, by: null, since: null });
    if (this.options.forced) return on('HARTO_KILL is set');
    const [file, row] = await Promise.all([this.#file(), this.#row()]);
    return file ? on(file) : (row ?? on('the kill switch cannot be read'));
  }

  /** Why the file stops the loop, or null; any answer but "there is none" counts as a file. */
  async #file(): Promise<string | null> {
    const path = join(this.options.home, 'STOP');
    try {
      await access(path);
      return `the file ${path} exists`;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' ? null : `the file ${path} cannot be read (${code ?? 'unknown'})`;
    }
  }

  async #row(): Promise<KillSwitchState | null> {
    const { store, clock } = this.options;
    const stop = new AbortController();
    try {
      const read = store.withSystem('kill switch', (tx) => tx.plumbing.killSwitch());
      read.catch(() => {});
      return await Promise.race([read, clock.sleep(readMsMax, stop.signal).then(() => null)]);
    } catch {
      return null;
    } finally {
      stop.abort();
    }
  }
}
