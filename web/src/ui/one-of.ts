/** A union of some words (`Named`) of a larger union. The compiler refuses a word that the larger union does not have. */
export type OneOf<All, Named extends All> = Named;
