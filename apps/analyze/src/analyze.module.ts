import { Module } from '@nestjs/common';
import { AnalyzeHandler } from './analyze.handler.js';

@Module({ controllers: [AnalyzeHandler] })
export class AnalyzeModule {}
