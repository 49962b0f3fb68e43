export { armFaults, FaultInjected, faultPoint, parseFaults } from './faults.js';
export type { Fault, FaultAction } from './faults.js';
