import { createContextKey } from '@opentelemetry/api';

/** Marks, in the parent context, a span that is stored as soon as it starts. */
export const openSpanKey = createContextKey('hartonomous.open-span');
