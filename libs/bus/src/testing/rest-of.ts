import 'reflect-metadata';
import { messageNames, messages } from '@hartonomous/contracts';
import type { ServiceName } from '@hartonomous/contracts';
import { Controller } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { canaryName } from '../canary.js';

const handledBy = (controller: Type): string[] =>
  Object.getOwnPropertyNames(controller.prototype).flatMap(
    (method) =>
      (Reflect.getMetadata(
        'microservices:pattern',
        (controller.prototype as Record<string, object>)[method],
      ) as string[] | undefined) ?? [],
  );

/** Handlers that do nothing, for the messages of the service that a test's controller leaves out. */
export function restOf(service: ServiceName, controllers: Type[]): Type {
  const taken = new Set(controllers.flatMap(handledBy));
  class Rest {}
  const methods = Rest.prototype as Record<string, unknown>;
  for (const name of messageNames) {
    if (messages[name].queue !== service || taken.has(name) || name === canaryName) continue;
    methods[name] = () => Promise.resolve();
    const descriptor = Object.getOwnPropertyDescriptor(methods, name) as TypedPropertyDescriptor<unknown>;
    EventPattern<string>(name)(methods, name, descriptor as PropertyDescriptor);
  }
  Controller()(Rest);
  return Rest;
}
