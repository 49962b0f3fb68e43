import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import type { Parts } from './open-parts.js';
import { BUS, CLOCK, CONFIG, HEALTH, KILL_SWITCH, LOGGER, STORE } from './tokens.js';

/** Root of every app: the parts under their tokens, for all modules, around the app's own module. */
@Module({})
export class ServiceModule {
  static around(app: Type, parts: Parts): DynamicModule {
    const providers = [
      { provide: STORE, useValue: parts.store },
      { provide: BUS, useValue: parts.bus },
      { provide: CLOCK, useValue: parts.clock },
      { provide: CONFIG, useValue: parts.config },
      { provide: LOGGER, useValue: parts.log },
      { provide: KILL_SWITCH, useValue: parts.killSwitch },
      { provide: HEALTH, useValue: parts.health },
    ];
    return { module: ServiceModule, global: true, imports: [app], providers, exports: providers };
  }
}
