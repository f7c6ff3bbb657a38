/** The gpudev library: what `import … from "gpudev"` gives. */
export { deploy } from "./deploy";
export type { Outputs } from "./deploy";
export { endpointsOf, sshConfig } from "./endpoints";
export type { Endpoint } from "./endpoints";
export { PyTorchCudaImage } from "./image/pytorchCudaImage";
export type { PyTorchCudaImageArgs } from "./image/pytorchCudaImage";
export { readLookups } from "./lookups";
export type { Lookups } from "./lookups";
export { makePlan } from "./plan";
export type { ContainerProfile, Plan, PlannedEnvironment, RetainedHome } from "./plan";
export { parseSettings } from "./settings";
export { settingsError } from "./settings/settingsError";
export type { Finding, ParsedSettings, Seat, Settings, Severity, User } from "./settings";
export { Workstation } from "./workstation/workstation";
export type { WorkstationArgs } from "./workstation/workstation";
