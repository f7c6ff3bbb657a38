/** Types of what a workstation stack consists of, as Pulumi's Docker SDK names them. */
export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const VOLUME = "docker:index/volume:Volume";
