import { Module } from '@nestjs/common';
import { ActHandler } from './act.handler.js';

@Module({ controllers: [ActHandler] })
export class ActModule {}
