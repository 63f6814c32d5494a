/** The beginning of the path of the page on which people decide; what follows is the token. */
export const confirmPath = '/confirm/';
