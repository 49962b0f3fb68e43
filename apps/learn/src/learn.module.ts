import { Module } from '@nestjs/common';
import { LearnHandler } from './learn.handler.js';

@Module({ controllers: [LearnHandler] })
export class LearnModule {}
