import { Module } from '@nestjs/common';
import { HypothesizeHandler } from './hypothesize.handler.js';

@Module({ controllers: [HypothesizeHandler] })
export class HypothesizeModule {}
