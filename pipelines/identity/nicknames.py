"""Short and pet forms of given names, by language, as they stand in `name_tokens`: lower case, without accents."""

# fmt: off
NICKNAMES = {
    "en": {
        "abigail": "abby gail", "albert": "al bert bertie", "alexander": "alex al sandy xander lex",
        "alexandra": "alex alexa sandra sandy lexi", "alfred": "alf alfie fred", "amanda": "mandy amy",
        "andrew": "andy drew", "angela": "angie", "anthony": "tony ant", "archibald": "archie", "arthur": "art artie",
        "barbara": "barb barbie babs", "benjamin": "ben benny benji", "bernard": "bernie", "bradley": "brad",
        "caroline": "carrie caz lina", "catherine": "cathy cath kate katie kitty", "charles": "charlie chuck chas",
        "charlotte": "charlie lottie lotte", "christina": "tina chris chrissy", "christine": "chris chrissy tina",
        "christopher": "chris kit topher", "clifford": "cliff", "cynthia": "cindy", "daniel": "dan danny",
        "david": "dave davey davy", "deborah": "debbie deb debra", "dennis": "den", "donald": "don donnie",
        "dorothy": "dot dottie dolly", "douglas": "doug", "edmund": "ed eddie ned", "edward": "ed eddie ted teddy ned",
        "edwin": "ed eddie", "eleanor": "ellie nell nellie nora", "elizabeth":
        "liz lizzie beth betty eliza elsie libby lisa bess", "emily": "em emmy", "ernest": "ernie", "eugene": "gene",
        "florence": "flo flossie", "frances": "fran frankie fanny", "francis": "frank frankie fran",
        "franklin": "frank", "frederick": "fred freddie freddy", "gabriel": "gabe gab", "geoffrey": "geoff jeff",
        "george": "georgie", "gerald": "gerry jerry", "gilbert": "gil bert", "gregory": "greg", "harold": "harry hal",
        "helen": "nell nellie", "henry": "harry hal hank", "herbert": "herb bert bertie", "howard": "howie",
        "hubert": "bert hugh", "isabella": "bella izzy isa", "isabelle": "izzy isa bella", "jacob": "jake",
        "james": "jim jimmy jamie", "janet": "jan", "jeffrey": "jeff", "jennifer": "jen jenny jennie",
        "jeremy": "jerry jem", "jessica": "jess jessie", "john": "jack johnny jon", "jonathan": "jon jonny",
        "joseph": "joe joey jo", "joshua": "josh", "judith": "judy", "julia": "jules", "katherine":
        "kate katie kathy kath kat", "kenneth": "ken kenny", "kimberly": "kim", "lawrence": "larry laurie",
        "leonard": "len lenny leo", "lillian": "lil lily", "louis": "lou louie", "louise": "lou", "lucille": "lucy",
        "madeline": "maddie", "margaret": "maggie meg peggy peg marge madge daisy greta", "martha": "patty",
        "martin": "marty", "mary": "molly polly may mamie", "matilda": "tilly mattie", "matthew": "matt",
        "megan": "meg", "michael": "mike mick mickey mikey", "michelle": "shelly", "mildred": "millie",
        "mitchell": "mitch", "nancy": "nan", "nathan": "nate nat", "nathaniel": "nat nate", "nicholas": "nick nicky",
        "nicole": "nicky", "norman": "norm", "oliver": "ollie", "pamela": "pam", "patricia": "pat patty trish tricia",
        "patrick": "pat paddy", "penelope": "penny", "peter": "pete", "philip": "phil pip", "phillip": "phil pip",
        "rachel": "rach", "randolph": "randy", "raymond": "ray", "rebecca": "becky becca", "reginald": "reg reggie",
        "richard": "dick rick ricky rich richie", "robert": "bob bobby rob robbie bert", "roderick": "rod",
        "rodney": "rod", "roger": "rodge", "ronald": "ron ronnie", "rosemary": "rose rosie", "rudolph": "rudy",
        "russell": "russ", "samantha": "sam sammy", "samuel": "sam sammy", "sandra": "sandy", "sarah": "sally sadie",
        "sidney": "sid", "sophia": "sophie", "stanley": "stan", "stephanie": "steph", "stephen": "steve stevie",
        "steven": "steve stevie", "stewart": "stu", "stuart": "stu", "susan": "sue susie suzy", "suzanne": "sue suzy",
        "sylvester": "sly", "teresa": "terry tess", "terence": "terry", "theodore": "theo ted teddy",
        "theresa": "terry tess", "thomas": "tom tommy", "timothy": "tim timmy", "tobias": "toby", "valerie": "val",
        "veronica": "ronnie", "victor": "vic", "victoria": "vicky vic tori", "vincent": "vince vinny",
        "virginia": "ginny", "walter": "walt wally", "wilfred": "wilf", "william": "will bill billy willie liam",
        "winifred": "winnie", "zachary": "zach zack",
    },
    "fr": {
        "alexandra": "alex sandra", "alexandre": "alex", "anne": "annie nanette", "antoine": "toine tony",
        "benjamin": "ben", "bernard": "nanard", "catherine": "cathy kathy", "christian": "chris",
        "christine": "chris", "christophe": "chris", "daniel": "dan dany", "dominique": "dom", "elisabeth":
        "lise elise babette zabeth", "emmanuel": "manu", "emmanuelle": "manu", "florence": "flo", "francois":
        "fanfan", "francoise": "fanfan", "frederic": "fred", "frederique": "fred", "gabriel": "gab gaby",
        "gregory": "greg", "guillaume": "guigui", "isabelle": "isa", "jacqueline": "jacquie", "jacques": "jacky",
        "jean": "jeannot", "jeanne": "jeannette", "joseph": "jo", "laurent": "lolo", "louis": "loulou",
        "madeleine": "mado", "marguerite": "margot", "marie": "mimi manon", "maurice": "momo", "maxime": "max",
        "michel": "mich michou", "mireille": "mimi", "nathalie": "nath", "nicolas": "nico", "olivier": "oli olive",
        "patrice": "pat", "patricia": "pat", "patrick": "pat", "philippe": "phil", "pierre": "pierrot",
        "sebastien": "seb", "sophie": "soso", "stephane": "steph", "stephanie": "steph", "suzanne": "suzy suzette",
        "sylvie": "syl", "theodore": "theo", "thomas": "tom", "valerie": "val", "veronique": "vero",
        "victor": "vic totor", "vincent": "vince", "virginie": "gigi",
    },
    "nl": {
        "adrianus": "adri ad arie", "alexander": "alex lex sander", "andreas": "andries dries", "anna": "anneke ans",
        "antonius": "anton toon ton tonny", "benjamin": "ben", "bernardus": "ben bernard", "catharina":
        "karin rina tine toos trijntje", "christiaan": "chris", "cornelia": "corrie nel cor", "cornelis":
        "cor kees nelis", "dirk": "dick", "elisabeth": "els elly liesbeth betty lies", "filip": "flip", "franciscus":
        "frans cis", "frederik": "fred freek rik", "geertruida": "truus trui", "gerardus": "gerard geert ger",
        "gerrit": "ger", "hendrik": "henk rik hein", "hendrika": "rika riek", "hubertus": "bert huub", "jacobus":
        "jaap co koos", "jan": "jantje", "johanna": "hanna jo joke annie", "johannes": "jan johan hans jo",
        "jozef": "jef jos", "lambertus": "bert bertus", "leonardus": "leo leen", "lodewijk": "lode", "lucas": "luc",
        "margaretha": "greet griet gretha", "maria": "mia ria marieke mieke miep", "martinus": "tinus martin",
        "maximiliaan": "max", "nicolaas": "klaas nico niek", "petrus": "piet peter", "pieter": "piet",
        "theodorus": "theo dorus", "thomas": "tom", "wilhelmina": "mien mina willy", "wilhelmus": "willem wim",
        "willem": "wim pim",
    },
    "de": {
        "alexander": "alex sascha", "alexandra": "alex sandra", "andreas": "andi", "anna": "anni annika",
        "anton": "toni", "barbara": "babsi", "benjamin": "ben", "bernhard": "bernd berni", "christian": "chris",
        "christine": "chris christl", "dietrich": "dieter", "elisabeth": "lisa liesl sissi else elsbeth",
        "ferdinand": "ferdi", "franz": "franzl", "franziska": "franzi sissi", "friedrich": "fritz fred",
        "gabriele": "gabi", "georg": "schorsch", "gerhard": "gerd", "gertrud": "trude", "guenther": "guenni",
        "hans": "hansi", "heinrich": "heinz heiner", "helene": "leni lena", "ignaz": "naz", "johann": "hans hannes",
        "johanna": "hanna hanni", "johannes": "hans hannes jo", "josef": "sepp jupp", "joseph": "sepp jupp",
        "karl": "kalle", "katharina": "kathi katja kaethe", "konrad": "conny", "leopold": "poldi", "ludwig": "lutz",
        "magdalena": "lena leni magda", "manfred": "manni", "margarete": "grete gretel gitta rita", "maria":
        "mia mizzi", "matthias": "matze hias", "maximilian": "max", "michael": "michi michel", "nikolaus": "klaus",
        "peter": "pit", "rudolf": "rudi", "sebastian": "basti wastl", "stefan": "steff", "stefanie": "steffi",
        "susanne": "susi", "theresa": "resi", "thomas": "tom", "ulrich": "uli", "ulrike": "uli", "ursula": "uschi ulla",
        "wilhelm": "willi willy", "wolfgang": "wolfi wolf",
    },
    "es": {
        "alejandro": "alex ale", "alfonso": "poncho", "antonio": "tono toni", "concepcion": "concha conchita",
        "dolores": "lola", "eduardo": "edu lalo", "enrique": "quique kike", "ernesto": "neto", "francisca":
        "paca paqui", "francisco": "paco pancho curro fran", "gabriel": "gabi", "guadalupe": "lupe", "guillermo":
        "memo guille", "ignacio": "nacho", "isabel": "isa", "jesus": "chus chuy", "jose": "pepe", "josefa": "pepa",
        "juan": "juanito", "luis": "lucho", "manuel": "manolo manu", "maria": "mari", "mercedes": "merche",
        "miguel": "miki", "pilar": "pili", "rafael": "rafa", "ramon": "moncho", "ricardo": "richi", "roberto":
        "beto", "rosario": "charo", "santiago": "santi", "teresa": "tere", "vicente": "chente",
    },
    "it": {
        "alessandra": "ale sandra", "alessandro": "ale sandro", "antonio": "toni tonino nino", "caterina": "rina",
        "domenico": "mimmo", "filippo": "pippo", "francesca": "franca checca", "francesco": "franco ciccio checco",
        "gabriele": "lele", "giovanni": "gianni vanni nino", "giuseppe": "beppe peppe pino", "giuseppina": "pina",
        "leonardo": "leo nardo", "lorenzo": "renzo", "luigi": "gigi gino", "massimiliano": "max", "matteo": "teo",
        "michele": "lele", "raffaele": "lele", "roberto": "berto", "salvatore": "toto turi", "vincenzo": "enzo",
    },
}
# fmt: on


def name_roots() -> dict[str, list[str]]:
    """Every given name that has a short form, and every short form, with the full names that it may stand for."""
    roots: dict[str, set[str]] = {}
    for names in NICKNAMES.values():
        for full, short_forms in names.items():
            for name in (full, *short_forms.split()):
                roots.setdefault(name, set()).add(full)
    return {name: sorted(fulls) for name, fulls in sorted(roots.items())}
