import { Module } from '@nestjs/common';
import { LearnHandler } from './learn.handler.js';
import { ComputeHandler } from './compute/compute.handler.js';

@Module({ controllers: [LearnHandler, ComputeHandler] })
export class LearnModule {}
