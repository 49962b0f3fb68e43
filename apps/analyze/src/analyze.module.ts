import { Module } from '@nestjs/common';
import { AnalyzeHandler } from './analyze.handler.js';
import { ComputeHandler } from './compute/compute.handler.js';

@Module({ controllers: [AnalyzeHandler, ComputeHandler] })
export class AnalyzeModule {}
