import { Module } from '@nestjs/common';
import { ActHandler } from './act.handler.js';
import { ComputeHandler } from './compute/compute.handler.js';

@Module({ controllers: [ActHandler, ComputeHandler] })
export class ActModule {}
