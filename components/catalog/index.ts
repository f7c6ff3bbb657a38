export { AMIS } from "./amis";
export { bootstrapBaseImage, bootstrapSuite } from "./baseImage";
export { BASES, pythonOfBase } from "./bases";
export { driverBranch } from "./driverBranches";
export { driverVerdict, runsOn } from "./fits";
export { CDI_DOCKER, DOCKER_MINIMUM, readsCdi, TOOLKIT_MINIMUM } from "./hostVersions";
export { findGpus, GPU_MODELS, matchGpu } from "./gpus";
export { findInstanceType, INSTANCE_TYPES, type InstanceType, PRICES_AS_OF } from "./instanceTypes";
export { migProfilesOf } from "./migProfiles";
export { HOURS_PER_MONTH, type Price, PRICES } from "./prices";
export { quotaFamilyOf, quotaOf } from "./quotas";
export {
  buildsOf,
  defaultCuda,
  findTorchBuild,
  fullTorchVersion,
  nearestBuilds,
  TORCH_BUILDS,
  TORCH_RELEASES,
} from "./torchBuilds";
export { compareVersions, olderThan } from "./versions";
