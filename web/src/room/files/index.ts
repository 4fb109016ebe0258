/** Files other than pictures: one chunk, fetched at the first file that is sent or shown. */

export { FileLine } from "./file-line";
export { FilesOnTheWay } from "./files-on-the-way";
export { send } from "./sending";
