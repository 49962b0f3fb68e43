export type EngineName = 'postgres' | 'mssql';

/** One line of `harto doctor`. */
export interface Feature {
  name: string;
  state: 'on' | 'off';
  /** Why it is off, and what degrades without it. */
  why: string | null;
  degrades: string | null;
}
