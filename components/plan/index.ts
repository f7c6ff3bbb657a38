export { makePlan } from "./makePlan";
export { authorizedKeysFolder, INSIDE } from "./profile";
export { seatLine } from "./seats";
export type {
  ContainerProfile,
  GpuAccess,
  Mount,
  Plan,
  PlannedEnvironment,
  PlannedImage,
  Port,
  RetainedHome,
  Tmpfs,
} from "./model";
