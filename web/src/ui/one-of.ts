/** Picks the members `Named` of a union of words. The compiler refuses a word that is not in the union. */
export type OneOf<All, Named extends All> = Named;
