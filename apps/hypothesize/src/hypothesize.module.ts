import { Module } from '@nestjs/common';
import { HypothesizeHandler } from './hypothesize.handler.js';
import { ComputeHandler } from './compute/compute.handler.js';

@Module({ controllers: [HypothesizeHandler, ComputeHandler] })
export class HypothesizeModule {}
