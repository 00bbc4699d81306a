Dear reader,
this is a poem.
