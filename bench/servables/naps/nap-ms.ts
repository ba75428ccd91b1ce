/** What an instance takes. */
export const napMs = 10;
