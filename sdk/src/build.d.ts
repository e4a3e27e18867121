/** Filled in by build.mjs. */
declare const __VERSION__: string;
declare const __RECORDER__: string;
declare const __CONSOLE__: string;
declare const __NETWORK__: string;
declare const __CANVAS__: string;
/** Answers `createPipe` of recorder/pipe.ts; needs nothing around it, so that its text is a worker's source. */
declare function __PIPE__(): typeof import("./recorder/pipe").createPipe;
