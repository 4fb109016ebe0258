/** The named words of a union. The compiler refuses a name that is not one of them. */
export type OneOf<All, Named extends All> = Named;
