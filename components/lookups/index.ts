export type {
  Answer,
  BaseImageFacts,
  DaemonFacts,
  DockerEndpoint,
  DockerNetwork,
  DockerObject,
  EnforcedLimit,
  GpuDevice,
  GpuFacts,
  Lookups,
  TakenPort,
} from "./model";
export { cacheDirectory, packageRoot, stateDirectory } from "./paths";
export { type LookupOptions, readLookups } from "./readLookups";
