/** Nest injection tokens of what `runService` provides to every module. */
export const STORE = Symbol('hartonomous.store');
export const BUS = Symbol('hartonomous.bus');
export const CLOCK = Symbol('hartonomous.clock');
export const CONFIG = Symbol('hartonomous.config');
export const LOGGER = Symbol('hartonomous.logger');
export const KILL_SWITCH = Symbol('hartonomous.kill-switch');
export const HEALTH = Symbol('hartonomous.health');
