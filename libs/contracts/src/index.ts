export * from './errors.js';
export * from './enums.js';
export * from './action-types.js';
export * from './messages.js';
export * from './envelope.js';
export * from './search.js';
export * from './loop-documents.js';
export * from './identity.js';
