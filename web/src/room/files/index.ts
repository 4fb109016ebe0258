/** The code for files other than pictures. It is fetched when the first file is sent or shown. */

export { FileLine } from "./file-line";
export { FilesOnTheWay } from "./files-on-the-way";
export { send } from "./sending";
