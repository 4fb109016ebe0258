/** The code for files that are not pictures. The page fetches this code when the first such file is sent or shown. */

export { FileLine } from "./file-line";
export { FilesOnTheWay } from "./files-on-the-way";
export { send } from "./sending";
