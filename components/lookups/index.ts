export type { DaemonFacts, GpuDevice, Lookups, TakenPort } from "./model";
export { packageRoot } from "./paths";
export { readLookups } from "./readLookups";
