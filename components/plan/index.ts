export { makePlan } from "./makePlan";
export type { ContainerProfile, Plan, PlannedEnvironment, RetainedHome } from "./model";
export { seatLine } from "./seats";
