/** What the labels begin with by which gpudev knows its own objects on a daemon. */
export const LABEL_PREFIX = "dev.gpudev.";

/** Id of the stack, on everything that gpudev makes for it. */
export const STACK_ID_LABEL = `${LABEL_PREFIX}stack-id`;

/** Name of the stack. */
export const STACK_LABEL = `${LABEL_PREFIX}stack`;

/** The user whom an object is for. */
export const USER_LABEL = `${LABEL_PREFIX}user`;
